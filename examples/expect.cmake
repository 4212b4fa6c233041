# SPDX-License-Identifier: MIT
# cmake -Dprogram=PATH -Dexpected=FILE -P expect.cmake: runs a program and compares its output with a file.

execute_process(COMMAND "${program}" OUTPUT_VARIABLE printed RESULT_VARIABLE code TIMEOUT 50)
file(READ "${expected}" wanted)
if(NOT code EQUAL 0 OR NOT printed STREQUAL wanted)
  message(FATAL_ERROR "${program} ended with ${code}. It printed:\n${printed}\n${expected} says:\n${wanted}")
endif()
