# SPDX-License-Identifier: MIT
# The transports. Included by CMakeLists.txt.
if(INTERLOOP_SANITIZE STREQUAL "thread")  # they have one thread
  return()
endif()
interloop_add_test(wamp_transport_test transport_test.cpp transport_peers_test.cpp testsuite_test.cpp frames_test.cpp
  websocket_cases.cpp peer.cpp BY_SUITE TIMEOUT 300 LIBS interloop::wamp interloop_test_servers interloop_every_loop)
target_compile_definitions(wamp_transport_test PRIVATE ECHO_SERVER="${CMAKE_CURRENT_SOURCE_DIR}/echo_server.py")
interloop_add_memory_tests(transport_memory_test LIBS interloop::wamp interloop_test_servers)
target_sources(transport_memory_test PRIVATE peer.cpp websocket_cases.cpp)
