// The only two functions of glibc 2.35 and 2.36 that GCC's static runtime libraries call. With them in the program,
// glibc 2.34 suffices: RHEL 9, Ubuntu 22.04, Amazon Linux 2023. Hidden, so that no shared library gets them instead of
// glibc's.
#include <dlfcn.h>
#include <link.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

extern "C" {

__attribute__((visibility("hidden"))) uint32_t arc4random() noexcept {  // for std::random_device
  uint32_t number = 0;
  if (getentropy(&number, sizeof number) != 0) std::abort();  // as glibc's, which cannot report it either
  return number;
}

// Called for each frame that an exception leaves: which loaded object contains `address`, and where are its unwind
// tables?
__attribute__((visibility("hidden"))) int _dl_find_object(void* address, dl_find_object* found) noexcept {
  struct Search {
    uintptr_t address;
    dl_find_object* found;
  } search{reinterpret_cast<uintptr_t>(address), found};
  const auto look_at = [](dl_phdr_info* object, size_t, void* data) {
    auto& [wanted, result] = *static_cast<Search*>(data);
    bool inside = false;
    void* tables = nullptr;
    for (size_t i = 0; i < object->dlpi_phnum; ++i) {
      const auto& segment = object->dlpi_phdr[i];
      const uintptr_t start = object->dlpi_addr + segment.p_vaddr;
      if (segment.p_type == PT_GNU_EH_FRAME) tables = reinterpret_cast<void*>(start);
      if (segment.p_type != PT_LOAD || wanted < start || wanted - start >= segment.p_memsz) continue;
      inside = true;
      result->dlfo_map_start = reinterpret_cast<void*>(start);
      result->dlfo_map_end = reinterpret_cast<void*>(start + segment.p_memsz);
    }
    if (!inside || tables == nullptr) return 0;
    result->dlfo_eh_frame = tables;
    return 1;
  };
  *found = {};
  return dl_iterate_phdr(look_at, &search) == 1 ? 0 : -1;
}

}  // extern "C"
