// SPDX-License-Identifier: MIT
#include "certificates.hpp"

namespace test_servers {

bool make_certificates(const temporary_folder& in, const std::string& name) {
  if (program("openssl").empty()) return false;
  const std::string commands =
      "cd '" + in.file("") + "' && printf 'subjectAltName=DNS:" + name +
      ",IP:127.0.0.1' >names && "
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority "
      "-keyout authority.key -out authority.pem && "
      "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" +
      name +
      " -keyout server.key -out server.csr && "
      "openssl x509 -req -in server.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 2 "
      "-extfile names -out server.pem";
  return succeeds({"/bin/sh", "-c", commands});
}

}  // namespace test_servers
