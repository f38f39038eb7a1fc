# One place for language level, warnings, sanitizers and the build's accelerators.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
set(FRESHET_O3 $<$<CONFIG:RelWithDebInfo>:-O3>)  # for modules that it makes faster

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
                    -Wold-style-cast -Woverloaded-virtual -Werror -fno-omit-frame-pointer)
if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  # The same rows on every processor: arm64 would fuse multiplications with additions, and its plain char has no sign.
  add_compile_options(-ffp-contract=off -fsigned-char)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  add_compile_options(-Wthread-safety)
else()
  # g++ 12 reports these in its own library headers at -O2 (GCC bugs 105329 and 105651).
  add_compile_options(-Wno-restrict -Wno-error=maybe-uninitialized -Wno-error=stringop-overflow)
  # Position-independent code could be replaced by a library that is loaded earlier, so g++ inlines none of its functions
  # unless told that nobody does that. Clang assumes it. Processors take 2 to 3 % less time.
  add_compile_options(-fno-semantic-interposition)
  # A compiler process may hold this many KiB before it collects garbage: a tenth of its time, for 300 MB more.
  add_compile_options("SHELL:--param ggc-min-heapsize=500000")
endif()

if(FRESHET_FUZZ)
  # Every module reports its edges to libFuzzer: without it only the harness does, and no input is worth keeping.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(FRESHET_SANITIZE)
  if(NOT FRESHET_FUZZ)
    set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1")  # the tests are short: their compilation takes the time
    set(FRESHET_O3)
  endif()
  add_compile_options(-fsanitize=${FRESHET_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${FRESHET_SANITIZE})
  if(FRESHET_SANITIZE MATCHES "thread" AND NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
    # ThreadSanitizer does not support the fences in Asio. Locks and atomics protect what freshet shares between threads.
    add_compile_options(-Wno-tsan)
  endif()
endif()

find_program(FRESHET_CCACHE ccache)
if(FRESHET_CCACHE)
  # ccache needs these sloppiness flags for precompiled headers. It is safe: our headers use no __DATE__ or __TIME__ and do
  # not rely on the defines that it then ignores.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${FRESHET_CCACHE})
endif()
find_program(FRESHET_MOLD mold)
if(FRESHET_MOLD AND NOT FRESHET_FUZZ)
  add_link_options(-fuse-ld=mold)
endif()
