#include "scene.h"

#include <chrono>
#include <cstdlib>

#include "test/support/catch.h"

namespace cuse_binder::test {

namespace {

constexpr const char* kName = "cuse.test.everything";

std::unique_ptr<Program> g_manager;
std::unique_ptr<Program> g_service;

}  // namespace

std::string device() {
  const char* name = std::getenv("BINDER_DEVICE");
  return name == nullptr ? "" : name;
}

std::unique_ptr<Program> start_service(const std::string& name, bool lazy) {
  if (g_manager == nullptr) {
    g_manager = std::make_unique<Program>(
        std::vector<std::string>{SERVICEMANAGER_PATH, device(), "--client-period", "50"});
    g_manager->expect("serving");
  }
  std::vector<std::string> arguments{SERVICE_PATH, device(), name};
  if (lazy) arguments.push_back("lazy");
  auto service = std::make_unique<Program>(arguments);
  service->expect("the service is there");
  return service;
}

ndk::SpAIBinder service_binder(const std::string& name) {
  return ndk::SpAIBinder(AServiceManager_checkService(name.c_str()));
}

std::shared_ptr<aidl::cuse::test::IEverything> everything() {
  if (g_service == nullptr) g_service = start_service(kName);
  const auto service = aidl::cuse::test::IEverything::fromBinder(service_binder(kName));
  REQUIRE(service != nullptr);
  return service;
}

void end_scene() {
  g_service.reset();
  g_manager.reset();
}

bool Tally::reaches(int count) {
  std::unique_lock<std::mutex> guard(mutex_);
  return changed_.wait_for(guard, std::chrono::milliseconds(kPatienceMilliseconds),
                           [&] { return count_ >= count; });
}

}  // namespace cuse_binder::test
