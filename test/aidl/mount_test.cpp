// The corpus between two processes over a mounted device.
#include "test/daemon/program.h"
#include "test/daemon/scene.h"
#include "test/support/catch.h"

using cuse_binder::test::Program;
using cuse_binder::test::Scene;

TEST_CASE("aidl: every method with random values across processes", "[mount]") {
  // The last one: a client whose code another compiler has made, if there is one.
  const std::string client_path = GENERATE(as<std::string>(), CLIENT_PATH, OTHER_CLIENT_PATH);
  if (client_path.empty()) return;
  const Scene scene;
  Program daemon(scene.serve());
  daemon.expect("serving");
  const std::string device = scene.mount_point() + "/binder";
  Program service({SERVICE_PATH, device});
  service.expect("serving");
  std::vector<std::string> arguments{client_path, device, "12"};
  // Only in the newer compiler's C++ may the elements of this array be null as well.
  if (client_path == OTHER_CLIENT_PATH) arguments.emplace_back("IParcelables.echoNullableLeaves");
  Program client(arguments);
  const int result = client.wait();
  INFO(client.output());
  CHECK(result == 0);
  CHECK(client.output().find(" methods answer") != std::string::npos);
}
