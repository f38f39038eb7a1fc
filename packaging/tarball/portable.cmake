# freshet-portable, the program of the tarball: what `freshet` is linked from, with every library but glibc's linked statically.
# Only older_glibc.cc is compiled for it. `./dev package` puts the libraries of tools/dev/static_libraries.sh into ${static}; the
# others are in Debian's development packages.
set(static ${PROJECT_BINARY_DIR}/static/lib)
set(archives $<TARGET_FILE:librdkafka::librdkafka>)
get_property(folders DIRECTORY ${PROJECT_SOURCE_DIR}/src PROPERTY SUBDIRECTORIES)
foreach(folder ${folders})
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target ${targets})
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "STATIC_LIBRARY")
      list(APPEND archives $<TARGET_FILE:${target}>)
    endif()
  endforeach()
endforeach()

add_executable(freshet-portable EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/older_glibc.cc $<TARGET_OBJECTS:freshet>)
add_dependencies(freshet-portable freshet)  # and thus all modules
set_target_properties(freshet-portable PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}
                      LINK_DEPENDS "${archives};${static}/libcurl.a;${static}/libfmt.a;${static}/libsimdjson.a")
target_link_options(freshet-portable PRIVATE -static-libstdc++ -static-libgcc)
target_link_libraries(freshet-portable PRIVATE -L${static} -Wl,-Bstatic -Wl,--start-group ${archives} -lcurl -lyaml-cpp -lfmt
                      -lsimdjson -lssl -lcrypto -llz4 -lzstd -lz -Wl,--end-group -Wl,-Bdynamic)
