# freshet_build_librdkafka(SOURCE OUT_PREFIX): builds the source tree while CMake configures, in a copy below the build
# folder, and installs it there. A tree that was installed once is not built again.
function(freshet_build_librdkafka source out_prefix)
  set(tree ${CMAKE_BINARY_DIR}/librdkafka-source)
  set(prefix ${CMAKE_BINARY_DIR}/librdkafka)
  if(NOT EXISTS ${prefix}/lib/pkgconfig/rdkafka.pc)
    message(STATUS "Building librdkafka from ${source}")
    file(COPY ${source}/ DESTINATION ${tree})
    cmake_host_system_information(RESULT cores QUERY NUMBER_OF_LOGICAL_CORES)
    execute_process(COMMAND ./configure --prefix=${prefix} WORKING_DIRECTORY ${tree}
                    OUTPUT_FILE ${CMAKE_BINARY_DIR}/librdkafka-configure.txt COMMAND_ERROR_IS_FATAL ANY)
    foreach(goal lib install)
      execute_process(COMMAND make -C src -j${cores} ${goal} WORKING_DIRECTORY ${tree}
                      OUTPUT_FILE ${CMAKE_BINARY_DIR}/librdkafka-make-${goal}.txt COMMAND_ERROR_IS_FATAL ANY)
    endforeach()
  endif()
  set(${out_prefix} ${prefix} PARENT_SCOPE)
endfunction()
