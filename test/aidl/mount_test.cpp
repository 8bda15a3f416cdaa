// The corpus between two processes over a mounted device.
#include "test/daemon/program.h"
#include "test/daemon/scene.h"
#include "test/support/catch.h"

using cuse_binder::test::Program;
using cuse_binder::test::Scene;

TEST_CASE("aidl: every method with random values across processes", "[mount]") {
  const Scene scene;
  Program daemon(scene.serve());
  daemon.expect("serving");
  const std::string device = scene.mount_point() + "/binder";
  Program service({SERVICE_PATH, device});
  service.expect("serving");
  Program client({CLIENT_PATH, device, "12"});
  const int result = client.wait();
  INFO(client.output());
  CHECK(result == 0);
  CHECK(client.output().find(" methods answer") != std::string::npos);
}
