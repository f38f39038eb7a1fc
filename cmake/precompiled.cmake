# Headers of libraries that nearly every file includes, compiled once: they took a third of the build time. A file
# still includes what it uses; the fuzz preset builds without this and finds the include that is missing. No header of the
# project is among them: a change of one would recompile everything.
option(FRESHET_PCH "Precompile the headers of the standard library and of fmt" ON)
set(FRESHET_PRECOMPILED
    <algorithm> <array> <atomic> <chrono> <condition_variable> <cstdint> <deque> <functional> <map> <memory> <mutex>
    <optional> <set> <span> <sstream> <stop_token> <string> <string_view> <thread> <tuple> <unordered_map> <utility>
    <variant> <vector> <tl/expected.hpp> <fmt/format.h>)

# freshet_precompile(TARGET [FROM OTHER] [HEADERS...]): with HEADERS more. FROM shares another target's, which must be
# compiled with the same flags.
function(freshet_precompile target)
  cmake_parse_arguments(ARG "" "FROM" "" ${ARGN})
  if(NOT FRESHET_PCH)
    return()
  endif()
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
    target_compile_options(${target} PRIVATE -fpch-preprocess)  # ccache needs it
  endif()
  if(ARG_FROM AND NOT ARG_FROM STREQUAL target)
    target_precompile_headers(${target} REUSE_FROM ${ARG_FROM})
  else()
    target_precompile_headers(${target} PRIVATE ${FRESHET_PRECOMPILED} ${ARG_UNPARSED_ARGUMENTS})
  endif()
endfunction()

# Unity builds: the compiler reads several files of a target as one, and thus the project's headers and the instances of
# templates once for all of them. Names in the anonymous namespaces of one module must differ. A file still includes what
# it uses; the presets debug and fuzz build file by file.
option(FRESHET_UNITY "Compile several files of a module as one" ON)

# freshet_unite(TARGET FILES): up to FILES files are one. Few: a change recompiles one batch, and two cores have work until
# the end.
function(freshet_unite target files)
  if(FRESHET_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${files})
    if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
      # Off in the files themselves, which the compiler takes for headers here.
      target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
    endif()
  endif()
endfunction()
