// Interfaces by hand, with parameters by their types.
#include <binder/SafeInterface.h>

#include "test/parcel/support/bytes.h"
#include "test/parcel/support/sample.h"
#include "test/support/catch.h"

using namespace android;

namespace safe_interface_test {

enum class Color : uint32_t { kRed = 7, kBlue = 8 };

class ICalculator : public IInterface {
 public:
  DECLARE_META_INTERFACE(Calculator)
  enum class Tag : uint32_t { kAdd = IBinder::FIRST_CALL_TRANSACTION, kMix, kNote };
  virtual status_t add(int32_t a, int64_t b, int64_t* sum) = 0;
  virtual status_t mix(Color color, const String8& name, const Sample& sample, const sp<IThing>& thing,
                       bool flag, float factor, std::vector<Sample>* out, sp<IBinder>* binder,
                       Color* other) = 0;
  virtual void note(uint64_t value) = 0;
};

class BpCalculator : public SafeBpInterface<ICalculator> {
 public:
  explicit BpCalculator(const sp<IBinder>& impl) : SafeBpInterface<ICalculator>(impl, "BpCalculator") {}
  status_t add(int32_t a, int64_t b, int64_t* sum) override {
    return callRemote<decltype(&ICalculator::add)>(Tag::kAdd, a, b, sum);
  }
  status_t mix(Color color, const String8& name, const Sample& sample, const sp<IThing>& thing, bool flag,
               float factor, std::vector<Sample>* out, sp<IBinder>* binder, Color* other) override {
    return callRemote<decltype(&ICalculator::mix)>(Tag::kMix, color, name, sample, thing, flag, factor, out,
                                                   binder, other);
  }
  void note(uint64_t value) override { callRemoteAsync<decltype(&ICalculator::note)>(Tag::kNote, value); }
};

class Calculator : public SafeBnInterface<ICalculator> {
 public:
  Calculator() : SafeBnInterface<ICalculator>("Calculator") {}
  uint64_t noted = 0;

  status_t add(int32_t a, int64_t b, int64_t* sum) override {
    *sum = a + b;
    return a == 0 ? INVALID_OPERATION : OK;
  }
  status_t mix(Color color, const String8& name, const Sample& sample, const sp<IThing>& thing, bool flag,
               float factor, std::vector<Sample>* out, sp<IBinder>* binder, Color* other) override {
    out->assign(flag ? 2 : 1, sample);
    out->front().text = name.c_str();
    *binder = IInterface::asBinder(thing);
    *other = factor > 1 ? color : Color::kRed;
    return OK;
  }
  void note(uint64_t value) override { noted = value; }

  status_t onTransact(uint32_t code, const Parcel& data, Parcel* reply, uint32_t flags) override {
    switch (static_cast<Tag>(code)) {
      case Tag::kAdd:
        return callLocal(data, reply, &ICalculator::add);
      case Tag::kMix:
        return callLocal(data, reply, &ICalculator::mix);
      case Tag::kNote:
        return callLocalAsync(data, reply, &ICalculator::note);
    }
    return BBinder::onTransact(code, data, reply, flags);
  }
};

IMPLEMENT_META_INTERFACE(Calculator, "test.ICalculator")

}  // namespace safe_interface_test

using namespace safe_interface_test;

TEST_CASE("safe interfaces write and read parameters by their types") {
  const sp<Calculator> local = new Calculator();
  const sp<ICalculator> proxy = new BpCalculator(local);
  int64_t sum = 0;
  CHECK(proxy->add(2, 1LL << 40, &sum) == OK);
  CHECK(sum == (1LL << 40) + 2);
  CHECK(proxy->add(0, 5, &sum) == INVALID_OPERATION);
  CHECK(sum == 5);

  Sample sample;
  sample.number = 3;
  const sp<IThing> thing = new BnThing();
  std::vector<Sample> out;
  sp<IBinder> binder;
  Color color = Color::kRed;
  REQUIRE(proxy->mix(Color::kBlue, String8("name"), sample, thing, true, 1.5f, &out, &binder, &color) == OK);
  REQUIRE(out.size() == 2);
  CHECK(out[0].text == "name");
  CHECK(out[1] == sample);
  CHECK(binder == IInterface::asBinder(thing));
  CHECK(color == Color::kBlue);
  proxy->note(77);
  CHECK(local->noted == 77);
}

TEST_CASE("a safe stub refuses what is not for it") {
  const sp<Calculator> local = new Calculator();
  const auto code = static_cast<uint32_t>(ICalculator::Tag::kAdd);
  Parcel data;
  Parcel reply;
  data.writeInterfaceToken(String16("test.IOther"));
  CHECK(local->transact(code, data, &reply) == PERMISSION_DENIED);
  data.freeData();
  data.writeInterfaceToken(ICalculator::descriptor);
  data.writeInt32(1);
  CHECK(local->transact(code, data, &reply) == NOT_ENOUGH_DATA);
}
