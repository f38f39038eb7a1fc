# freshet_module(NAME DEPS modules... LIBS libraries... [TEST_DEPS modules...] [SETTINGS_OF modules...] [OWN_FLAGS])
#   Declares which modules a module may include. Adds a library of all *.cc beside and below the call, and NAME_test of all
#   *_test.cc. tools/lint/modules.sh reads DEPS and rejects every other include.
#   SETTINGS_OF: modules of which only the plain <module>_settings.h may be included.
#   OWN_FLAGS: compiled with flags of its own, thus with a precompiled header of its own.
add_custom_target(sanitized_tests)  # what a sanitizer's run builds and, by its label `sanitized`, runs
add_custom_target(program_tests)  # the tests that start programs: servers, freshet, benchmarks, tools

# ThreadSanitizer runs the tests of these modules. The others start no thread and share nothing between
# threads, apart from `app`: its tests start few, and need `processors` and all the rest, whose compilation takes as long
# as that of all of these.
set(FRESHET_THREADED_MODULES base ports secrets http python_worker clickhouse kafka outcomes snuba_outputs stream
    supervisor runtime_config admin telemetry testkit aws)

# A sanitizer's build optimises only the modules in which the random and the golden tests spend their time. The optimiser
# takes more than half of the compilation of the others.
set(FRESHET_BUSY_MODULES base model columns ports delivery stream processors outcomes snuba_outputs)
if(FRESHET_SANITIZE AND NOT FRESHET_FUZZ)
  # Never built. The other modules use its precompiled header.
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/plain_headers.cc CONTENT "")
  add_library(plain_headers STATIC EXCLUDE_FROM_ALL ${PROJECT_BINARY_DIR}/plain_headers.cc)
  target_compile_options(plain_headers PRIVATE -O0)
  target_link_libraries(plain_headers PRIVATE fmt::fmt)
  target_include_directories(plain_headers PRIVATE ${FRESHET_EXPECTED_INCLUDE})
  freshet_precompile(plain_headers)
endif()

function(freshet_module name)
  cmake_parse_arguments(ARG "OWN_FLAGS" "" "DEPS;LIBS;TEST_DEPS;SETTINGS_OF" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$|/main\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  if(sources)
    add_library(${name} STATIC ${sources})
    target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(${name} PUBLIC ${ARG_DEPS} ${ARG_LIBS} Threads::Threads)
    if(ARG_OWN_FLAGS)
      freshet_precompile(${name})
    elseif(TARGET plain_headers AND NOT name IN_LIST FRESHET_BUSY_MODULES)
      target_compile_options(${name} PRIVATE -O0)
      freshet_precompile(${name} FROM plain_headers)
    else()
      freshet_precompile(${name} FROM base)
    endif()
    freshet_unite(${name} 16)
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(${name} INTERFACE ${ARG_DEPS} ${ARG_LIBS} Threads::Threads)
  endif()
  if(FRESHET_TESTS AND tests)
    freshet_test(${name}_test LABEL unit SOURCES ${tests} DEPS ${name} ${ARG_TEST_DEPS})
    if(NOT FRESHET_SANITIZE MATCHES "thread" OR name IN_LIST FRESHET_THREADED_MODULES)
      freshet_sanitized(${name}_test ${name}_test)
    endif()
  endif()
endfunction()

# freshet_sanitized(TEST PROGRAM): the sanitizers run it, too.
function(freshet_sanitized test program)
  set_property(TEST ${test} APPEND PROPERTY LABELS sanitized)
  add_dependencies(sanitized_tests ${program})
endfunction()

if(FRESHET_TESTS)
  # Never built. Every test uses its precompiled header.
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/test_headers.cc CONTENT "int main() {}\n")
  add_executable(test_headers EXCLUDE_FROM_ALL ${PROJECT_BINARY_DIR}/test_headers.cc)
  target_compile_options(test_headers PRIVATE -O0)
  target_link_libraries(test_headers PRIVATE fmt::fmt GTest::gmock GTest::gtest_main)
  target_include_directories(test_headers PRIVATE ${FRESHET_EXPECTED_INCLUDE})
  freshet_precompile(test_headers <gmock/gmock.h> <gtest/gtest.h>)
endif()

# freshet_one_at_a_time(TESTS...): of all tests named in calls, one runs at a time. The next begins before any other test,
# because one after the other they take longest.
function(freshet_one_at_a_time)
  set_tests_properties(${ARGN} PROPERTIES RESOURCE_LOCK servers COST 100)
endfunction()

# freshet_test(NAME LABEL unit|flow|golden|contract|integration|e2e|tools SOURCES files... DEPS modules...
#              [TIMEOUT seconds] [SERVERS])
#   One GoogleTest program and one ctest entry; the entry writes its cases to ${CMAKE_BINARY_DIR}/results/NAME.json.
#   SERVERS: it starts servers, so no other such test runs at the same time; tests without may.
function(freshet_test name)
  cmake_parse_arguments(ARG "SERVERS" "LABEL;TIMEOUT" "SOURCES;DEPS" ${ARGN})
  if(NOT FRESHET_TESTS)
    return()
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 1200)  # against hangs; a busy machine with a sanitizer takes ten times as long as usual
  endif()
  add_executable(${name} ${ARG_SOURCES})
  if(FRESHET_SANITIZE MATCHES "thread")
    target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/sanitizers/librdkafka_under_tsan.cc)
    set_source_files_properties(${PROJECT_SOURCE_DIR}/tests/sanitizers/librdkafka_under_tsan.cc PROPERTIES
                                SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
  # The optimiser would take half of a test's compilation time, and four fifths under ASan.
  target_compile_options(${name} PRIVATE -O0)
  freshet_precompile(${name} FROM test_headers)
  freshet_unite(${name} 6)
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE FRESHET_SOURCE_DIR="${PROJECT_SOURCE_DIR}" FRESHET_BINARY_DIR="${PROJECT_BINARY_DIR}")
  add_test(NAME ${name} COMMAND ${name} --gtest_output=json:${PROJECT_BINARY_DIR}/results/${name}.json)
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
  # These have one thread.
  if(ARG_LABEL MATCHES "^(flow|golden)$" AND NOT FRESHET_SANITIZE MATCHES "thread")
    freshet_sanitized(${name} ${name})
  endif()
  if(NOT ARG_LABEL MATCHES "^(unit|flow|golden)$")
    add_dependencies(program_tests ${name})
  endif()
  if(ARG_SERVERS)
    freshet_one_at_a_time(${name})
  endif()
endfunction()

# freshet_fuzzer(NAME SOURCES files... DEPS modules...): a libFuzzer program; built with -DFRESHET_FUZZ=ON and clang only.
function(freshet_fuzzer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  if(NOT FRESHET_FUZZ)
    return()
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endfunction()
