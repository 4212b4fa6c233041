# SPDX-License-Identifier: MIT
# Fuzzing with libFuzzer, which needs clang: in the preset clang, for some seconds each.

include_guard(GLOBAL)
set(INTERLOOP_HAS_FUZZER FALSE)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND NOT INTERLOOP_SANITIZE)
  include(CheckCXXSourceCompiles)
  set(CMAKE_REQUIRED_FLAGS -fsanitize=fuzzer)
  check_cxx_source_compiles("extern \"C\" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }"
    INTERLOOP_COMPILES_FUZZER)
  unset(CMAKE_REQUIRED_FLAGS)
  set(INTERLOOP_HAS_FUZZER ${INTERLOOP_COMPILES_FUZZER})
  if(NOT INTERLOOP_HAS_FUZZER)
    message(STATUS "interloop: no fuzzing (no libFuzzer; Debian has it as libclang-rt-19-dev)")
  endif()
endif()

# interloop_add_fuzz_test(<name> <source>... CORPUS <folder> LONGEST <bytes> [SECONDS <n>] LIBS <target>...)
#
# The sources are what is fuzzed and the function that libFuzzer calls, all compiled with its instrumentation, so that it
# sees which paths they take. The corpus is only read; what is found goes to the build folder. To fuzz longer by hand:
#   build/clang/tests/<folder>/fuzz/<name> -max_total_time=3600 <folder>/fuzz/<corpus>
function(interloop_add_fuzz_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "CORPUS;LONGEST;SECONDS" "LIBS")
  if(NOT arg_SECONDS)
    set(arg_SECONDS 10)
  endif()
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  interloop_set_warnings(${name})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_compile_options(${name} PRIVATE -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer,address,undefined)
  target_link_libraries(${name} PRIVATE interloop::interloop ${arg_LIBS})
  set(found "${CMAKE_CURRENT_BINARY_DIR}/${name}.found")
  file(MAKE_DIRECTORY "${found}")
  add_test(NAME ${name} COMMAND ${name} -max_total_time=${arg_SECONDS} -max_len=${arg_LONGEST} -timeout=10
    "-artifact_prefix=${CMAKE_CURRENT_BINARY_DIR}/" "${found}" "${CMAKE_CURRENT_SOURCE_DIR}/${arg_CORPUS}")
  set_tests_properties(${name} PROPERTIES TIMEOUT 120 LABELS fuzz)
endfunction()
