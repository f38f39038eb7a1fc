# librdkafka::librdkafka, by FRESHET_LIBRDKAFKA:
#   bundled  a current version, built from its source by tools/dev/librdkafka.sh and linked statically
#   system   Debian's (2.0.2): with GSSAPI, without OIDC
#   FOLDER   another one that was installed with this prefix
# It must have what freshet's settings and documentation promise, because a librdkafka silently leaves out what was not
# found when it was configured.
set(features gzip snappy lz4 zstd ssl sasl_plain sasl_scram sasl_oauthbearer)

if(FRESHET_LIBRDKAFKA STREQUAL "bundled")
  list(APPEND features http oidc)
  set(script ${PROJECT_SOURCE_DIR}/tools/dev/librdkafka.sh)
  set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${script})
  execute_process(COMMAND bash ${script} OUTPUT_VARIABLE prefix OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(FRESHET_LIBRDKAFKA_LICENSES ${prefix}/lib/LICENSES.txt)  # a package has to contain them
  add_library(librdkafka::librdkafka STATIC IMPORTED GLOBAL)
  set_target_properties(librdkafka::librdkafka PROPERTIES IMPORTED_LOCATION ${prefix}/lib/librdkafka.a)
  target_include_directories(librdkafka::librdkafka SYSTEM INTERFACE ${prefix}/include)
  target_link_libraries(librdkafka::librdkafka INTERFACE PkgConfig::curl PkgConfig::lz4 PkgConfig::zstd OpenSSL::SSL
                        OpenSSL::Crypto ZLIB::ZLIB Threads::Threads m ${CMAKE_DL_LIBS})
else()
  if(NOT FRESHET_LIBRDKAFKA STREQUAL "system")
    if(NOT EXISTS ${FRESHET_LIBRDKAFKA}/lib/pkgconfig/rdkafka.pc)
      message(FATAL_ERROR "FRESHET_LIBRDKAFKA is neither bundled, system nor a prefix with lib/pkgconfig/rdkafka.pc")
    endif()
    set(ENV{PKG_CONFIG_PATH} "${FRESHET_LIBRDKAFKA}/lib/pkgconfig:$ENV{PKG_CONFIG_PATH}")
  endif()
  if(FRESHET_LIBRDKAFKA STREQUAL "system")
    list(APPEND features sasl_gssapi)
  endif()
  pkg_check_modules(rdkafka REQUIRED IMPORTED_TARGET GLOBAL rdkafka>=2.0.2)
  add_library(librdkafka::librdkafka INTERFACE IMPORTED GLOBAL)
  target_link_libraries(librdkafka::librdkafka INTERFACE PkgConfig::rdkafka)
  set(prefix ${rdkafka_PREFIX})
endif()

if(NOT "${FRESHET_LIBRDKAFKA_CHECKED}" STREQUAL "${prefix}")
  try_run(exit_code compiled ${PROJECT_BINARY_DIR}/librdkafka ${CMAKE_CURRENT_LIST_DIR}/librdkafka_features.cc
          LINK_LIBRARIES librdkafka::librdkafka COMPILE_OUTPUT_VARIABLE messages RUN_OUTPUT_VARIABLE found)
  if(NOT compiled OR NOT exit_code EQUAL 0)
    message(FATAL_ERROR "librdkafka in ${prefix} cannot be used: ${messages}${found}")
  endif()
  string(STRIP "${found}" found)
  string(REPLACE "," ";" found "${found}")
  foreach(feature ${features})
    if(NOT feature IN_LIST found)
      message(FATAL_ERROR "librdkafka in ${prefix} was built without ${feature}; it has ${found}")
    endif()
  endforeach()
  unset(exit_code CACHE)
  unset(compiled CACHE)
  set(FRESHET_LIBRDKAFKA_CHECKED ${prefix} CACHE INTERNAL "")
endif()
