// What compilers newer than Debian's write, by hand: enums, unions, nested types, arrays of a fixed size,
// flags of stability and sensitive data, names of methods, and interfaces of which a process has two copies.
#ifndef BINDER_STABILITY_SUPPORT
#define BINDER_STABILITY_SUPPORT
#endif
#include <android/binder_enums.h>
#include <android/binder_ibinder_platform.h>
#include <android/binder_interface_utils.h>
#include <android/binder_parcel_platform.h>
#include <android/binder_parcel_utils.h>
#include <android/binder_parcelable_utils.h>
#include <android/binder_stability.h>
#include <android/binder_to_string.h>
#include <android/persistable_bundle_aidl.h>

#include <array>
#include <cassert>
#include <tuple>
#include <variant>

#include "test/support/catch.h"

namespace aidl::test {

enum class Color : int8_t { RED = 0, GREEN = 7 };
[[maybe_unused]] static inline std::string toString(Color value) {
  switch (value) {
    case Color::RED:
      return "RED";
    case Color::GREEN:
      return "GREEN";
    default:
      return std::to_string(static_cast<int8_t>(value));
  }
}

class INumber : public ndk::ICInterface {
 public:
  inline static const char* descriptor = "test.INumber";
  static constexpr uint32_t TRANSACTION_add = FIRST_CALL_TRANSACTION + 0;
  static std::shared_ptr<INumber> fromBinder(const ndk::SpAIBinder& binder);
  static binder_status_t writeToParcel(AParcel* parcel, const std::shared_ptr<INumber>& instance) {
    return AParcel_writeStrongBinder(parcel, instance ? instance->asBinder().get() : nullptr);
  }
  static binder_status_t readFromParcel(const AParcel* parcel, std::shared_ptr<INumber>* instance) {
    ndk::SpAIBinder binder;
    const binder_status_t status = AParcel_readStrongBinder(parcel, binder.getR());
    if (status != STATUS_OK) return status;
    *instance = fromBinder(binder);
    return STATUS_OK;
  }
  virtual ndk::ScopedAStatus add(int32_t number, int32_t* _aidl_return) = 0;
};

// A field of each new kind.
class Box {
 public:
  typedef std::false_type fixed_size;
  inline static const char* descriptor = "test.Box";
  static const ndk::parcelable_stability_t _aidl_stability = ndk::STABILITY_LOCAL;

  class Inner {
   public:
    inline static const char* descriptor = "test.Box.Inner";
    static const ndk::parcelable_stability_t _aidl_stability = ndk::STABILITY_LOCAL;
    int32_t value = 0;
    binder_status_t readFromParcel(const AParcel* parcel) {
      int32_t size = 0;
      const binder_status_t status = AParcel_readInt32(parcel, &size);
      return status == STATUS_OK ? ndk::AParcel_readData(parcel, &value) : status;
    }
    binder_status_t writeToParcel(AParcel* parcel) const {
      const binder_status_t status = AParcel_writeInt32(parcel, 8);
      return status == STATUS_OK ? ndk::AParcel_writeData(parcel, value) : status;
    }
    bool operator==(const Inner& rhs) const { return std::tie(value) == std::tie(rhs.value); }
    bool operator<(const Inner& rhs) const { return std::tie(value) < std::tie(rhs.value); }
    std::string toString() const { return "Inner{value: " + ::android::internal::ToString(value) + "}"; }
  };

  Color color = Color(0);
  std::vector<Color> colors;
  std::optional<std::vector<Color>> maybeColors;
  std::array<Color, 2> twoColors = {{}};
  std::array<std::array<uint8_t, 2>, 3> bytes = {{}};
  std::array<std::array<Inner, 2>, 2> inners = {{}};
  std::optional<std::array<std::array<std::optional<Inner>, 2>, 2>> maybeInners;
  std::optional<std::array<ndk::SpAIBinder, 2>> maybeBinders;
  std::optional<std::array<std::array<ndk::ScopedFileDescriptor, 1>, 2>> maybeFiles;
  std::optional<std::array<std::shared_ptr<INumber>, 2>> maybeNumbers;
  std::vector<std::shared_ptr<INumber>> numbers;
  std::unique_ptr<Inner> heap;
  std::optional<std::vector<std::unique_ptr<Inner>>> heaps;
  aidl::android::os::PersistableBundle bundle;
  ndk::AParcelableHolder holder{ndk::STABILITY_LOCAL};

  template <typename F>
  binder_status_t each_required(F f) {
    binder_status_t status = f(&color);
    if (status == STATUS_OK) status = f(&colors);
    if (status == STATUS_OK) status = f(&twoColors);
    if (status == STATUS_OK) status = f(&bytes);
    if (status == STATUS_OK) status = f(&inners);
    if (status == STATUS_OK) status = f(&numbers);
    if (status == STATUS_OK) status = f(&bundle);
    return status == STATUS_OK ? f(&holder) : status;
  }
  template <typename F>
  binder_status_t each_nullable(F f) {
    binder_status_t status = f(&maybeColors);
    if (status == STATUS_OK) status = f(&maybeInners);
    if (status == STATUS_OK) status = f(&maybeBinders);
    if (status == STATUS_OK) status = f(&maybeFiles);
    if (status == STATUS_OK) status = f(&maybeNumbers);
    if (status == STATUS_OK) status = f(&heap);
    return status == STATUS_OK ? f(&heaps) : status;
  }
  binder_status_t readFromParcel(const AParcel* parcel) {
    const binder_status_t status =
        each_required([&](auto* field) { return ndk::AParcel_readData(parcel, field); });
    if (status != STATUS_OK) return status;
    return each_nullable([&](auto* field) { return ndk::AParcel_readNullableData(parcel, field); });
  }
  binder_status_t writeToParcel(AParcel* parcel) const {
    auto* self = const_cast<Box*>(this);
    const binder_status_t status =
        self->each_required([&](auto* field) { return ndk::AParcel_writeData(parcel, *field); });
    if (status != STATUS_OK) return status;
    return self->each_nullable([&](auto* field) { return ndk::AParcel_writeNullableData(parcel, *field); });
  }
  // All of them, as compilers do it.
  bool operator<(const Box& rhs) const {
    return std::tie(color, colors, maybeColors, twoColors, bytes, inners, maybeInners, maybeBinders,
                    maybeFiles, maybeNumbers, numbers, heap, heaps, bundle, holder) <
           std::tie(rhs.color, rhs.colors, rhs.maybeColors, rhs.twoColors, rhs.bytes, rhs.inners,
                    rhs.maybeInners, rhs.maybeBinders, rhs.maybeFiles, rhs.maybeNumbers, rhs.numbers,
                    rhs.heap, rhs.heaps, rhs.bundle, rhs.holder);
  }
  std::string toString() const {
    using ::android::internal::ToString;
    return ToString(color) + ToString(colors) + ToString(maybeColors) + ToString(twoColors) +
           ToString(bytes) + ToString(inners) + ToString(maybeInners) + ToString(maybeBinders) +
           ToString(maybeFiles) + ToString(maybeNumbers) + ToString(numbers) + ToString(heap) +
           ToString(heaps) + ToString(bundle) + ToString(holder);
  }
};

class Choice {
 public:
  inline static const char* descriptor = "test.Choice";
  static const ndk::parcelable_stability_t _aidl_stability = ndk::STABILITY_LOCAL;
  enum class Tag : int32_t { numbers = 0, text = 1, color = 2, inner = 3 };

  template <typename T>
  static constexpr bool _not_self = !std::is_same_v<std::remove_cv_t<std::remove_reference_t<T>>, Choice>;
  Choice() : _value(std::in_place_index<0>, std::vector<int32_t>({})) {}
  template <typename T,
            typename = std::enable_if_t<
                _not_self<T> && std::is_constructible_v<
                                    std::variant<std::vector<int32_t>, std::string, Color, Box::Inner>, T>>>
  constexpr Choice(T&& _arg) : _value(std::forward<T>(_arg)) {}
  Tag getTag() const { return static_cast<Tag>(_value.index()); }
  template <Tag tag>
  const auto& get() const {
    return std::get<static_cast<size_t>(tag)>(_value);
  }

  binder_status_t readFromParcel(const AParcel* parcel) {
    int32_t tag = 0;
    const binder_status_t status = AParcel_readInt32(parcel, &tag);
    if (status != STATUS_OK) return status;
    switch (static_cast<Tag>(tag)) {
      case Tag::numbers:
        return read<0>(parcel);
      case Tag::text:
        return read<1>(parcel);
      case Tag::color:
        return read<2>(parcel);
      case Tag::inner:
        return read<3>(parcel);
    }
    return STATUS_BAD_VALUE;
  }
  binder_status_t writeToParcel(AParcel* parcel) const {
    const binder_status_t status = AParcel_writeInt32(parcel, static_cast<int32_t>(getTag()));
    if (status != STATUS_OK) return status;
    return std::visit([&](const auto& value) { return ndk::AParcel_writeData(parcel, value); }, _value);
  }
  bool operator==(const Choice& rhs) const { return _value == rhs._value; }

 private:
  std::variant<std::vector<int32_t>, std::string, Color, Box::Inner> _value;

  template <size_t index>
  binder_status_t read(const AParcel* parcel) {
    std::variant_alternative_t<index, decltype(_value)> value{};
    const binder_status_t status = ndk::AParcel_readData(parcel, &value);
    if (status == STATUS_OK) _value.template emplace<index>(std::move(value));
    return status;
  }
};

// --- The interface, as it is compiled into each library that uses it ---

static int g_served;
static binder_status_t on_transact(AIBinder* binder, transaction_code_t code, const AParcel* in,
                                   AParcel* out) {
  if (code != INumber::TRANSACTION_add) return STATUS_UNKNOWN_TRANSACTION;
  const auto impl = std::static_pointer_cast<INumber>(ndk::ICInterface::asInterface(binder));
  int32_t number = 0;
  int32_t result = 0;
  binder_status_t status = ndk::AParcel_readData(in, &number);
  if (status != STATUS_OK) return status;
  const ndk::ScopedAStatus outcome = impl->add(number, &result);
  ++g_served;
  status = AParcel_writeStatusHeader(out, outcome.get());
  if (status != STATUS_OK || !AStatus_isOk(outcome.get())) return status;
  return ndk::AParcel_writeData(out, result);
}
static const char* g_names[] = {"add"};
static AIBinder_Class* const g_class =
    ndk::ICInterface::defineClass(INumber::descriptor, on_transact, g_names, 1);
static AIBinder_Class* const g_other_copy =
    ndk::ICInterface::defineClass(INumber::descriptor, on_transact, nullptr, 0);

class BpNumber : public ndk::BpCInterface<INumber> {
 public:
  explicit BpNumber(const ndk::SpAIBinder& binder) : BpCInterface(binder) {}
  ndk::ScopedAStatus add(int32_t number, int32_t* _aidl_return) override {
    ndk::ScopedAParcel in;
    ndk::ScopedAParcel out;
    ndk::ScopedAStatus outcome;
    binder_status_t status = AIBinder_prepareTransaction(asBinderReference().get(), in.getR());
    if (status == STATUS_OK) AParcel_markSensitive(in.get());
    if (status == STATUS_OK) status = ndk::AParcel_writeData(in.get(), number);
    if (status == STATUS_OK) {
      status = AIBinder_transact(asBinderReference().get(), TRANSACTION_add, in.getR(), out.getR(),
                                 FLAG_CLEAR_BUF
#ifdef BINDER_STABILITY_SUPPORT
                                     | static_cast<int>(FLAG_PRIVATE_LOCAL)
#endif
      );
    }
    if (status == STATUS_OK) status = AParcel_readStatusHeader(out.get(), outcome.getR());
    if (status == STATUS_OK && AStatus_isOk(outcome.get()))
      status = ndk::AParcel_readData(out.get(), _aidl_return);
    if (status != STATUS_OK) outcome.set(AStatus_fromStatus(status));
    return outcome;
  }
};

class BnNumber : public ndk::BnCInterface<INumber> {
 public:
  explicit BnNumber(AIBinder_Class* clazz) : clazz_(clazz) {}

 protected:
  ndk::SpAIBinder createBinder() override {
    AIBinder* binder = AIBinder_new(clazz_, static_cast<void*>(this));
    AIBinder_markCompilationUnitStability(binder);
    return ndk::SpAIBinder(binder);
  }

 private:
  AIBinder_Class* const clazz_;
};

std::shared_ptr<INumber> INumber::fromBinder(const ndk::SpAIBinder& binder) {
  if (!AIBinder_associateClass(binder.get(), g_class)) {
#if __ANDROID_API__ >= 31
    const AIBinder_Class* original = AIBinder_getClass(binder.get());
    if (original == nullptr) return nullptr;
    if (0 == strcmp(AIBinder_Class_getDescriptor(original), descriptor)) {
      return ndk::SharedRefBase::make<BpNumber>(binder);
    }
#endif
    return nullptr;
  }
  const std::shared_ptr<ndk::ICInterface> interface = ndk::ICInterface::asInterface(binder.get());
  if (interface) return std::static_pointer_cast<INumber>(interface);
  return ndk::SharedRefBase::make<BpNumber>(binder);
}

class Number final : public BnNumber {
 public:
  using BnNumber::BnNumber;
  ndk::ScopedAStatus add(int32_t number, int32_t* _aidl_return) override {
    if (number < 0) return ndk::ScopedAStatus::fromServiceSpecificError(number);
    *_aidl_return = number + 1;
    return ndk::ScopedAStatus::ok();
  }
};

}  // namespace aidl::test

namespace ndk::internal {
template <>
constexpr inline std::array<aidl::test::Color, 2> enum_values<aidl::test::Color> = {
    aidl::test::Color::RED,
    aidl::test::Color::GREEN,
};
}  // namespace ndk::internal

namespace {

using namespace aidl::test;
using ndk::ScopedAParcel;

template <typename T>
T sent(const T& value) {
  const ScopedAParcel parcel(AParcel_create());
  REQUIRE(ndk::AParcel_writeParcelable(parcel.get(), value) == STATUS_OK);
  AParcel_setDataPosition(parcel.get(), 0);
  T read;
  REQUIRE(ndk::AParcel_readParcelable(parcel.get(), &read) == STATUS_OK);
  CHECK(AParcel_getDataPosition(parcel.get()) == AParcel_getDataSize(parcel.get()));
  return read;
}

}  // namespace

TEST_CASE("parcelables with everything new", "[newer]") {
  const auto number = ndk::SharedRefBase::make<Number>(g_class);
  Box box;
  box.color = Color::GREEN;
  box.colors = {Color::GREEN, Color::RED};
  box.maybeColors = {{Color::GREEN}};
  box.twoColors = {Color::RED, Color::GREEN};
  box.bytes = {{{1, 2}, {3, 4}, {5, 255}}};
  box.inners[1][0].value = 10;
  box.maybeInners.emplace();
  (*box.maybeInners)[0][1] = Box::Inner();
  (*box.maybeInners)[0][1]->value = 11;
  box.maybeBinders = {{number->asBinder(), nullptr}};
  box.maybeFiles.emplace();
  (*box.maybeFiles)[1][0].set(dup(0));
  box.maybeNumbers = {{nullptr, number}};
  box.numbers = {number, nullptr};
  box.heap = std::make_unique<Box::Inner>();
  box.heap->value = 12;
  box.heaps.emplace(2);
  (*box.heaps)[1] = std::make_unique<Box::Inner>();
  box.bundle.putInt("answer", 42);
  Box::Inner held;
  held.value = 13;
  REQUIRE(box.holder.setParcelable(held) == STATUS_OK);

  const Box read = sent(box);
  CHECK(read.color == box.color);
  CHECK(read.colors == box.colors);
  CHECK(read.maybeColors == box.maybeColors);
  CHECK(read.twoColors == box.twoColors);
  CHECK(read.bytes == box.bytes);
  CHECK(read.inners == box.inners);
  CHECK(read.maybeInners == box.maybeInners);
  CHECK(read.maybeBinders == box.maybeBinders);
  CHECK((*read.maybeFiles)[0][0].get() == -1);
  CHECK(((*box.maybeFiles)[1][0].get() < 0 || (*read.maybeFiles)[1][0].get() >= 0));
  CHECK(read.maybeNumbers == box.maybeNumbers);
  CHECK(read.numbers == box.numbers);
  CHECK(read.heap->value == 12);
  CHECK(((*read.heaps)[0] == nullptr && (*read.heaps)[1]->value == 0));
  CHECK(read.bundle == box.bundle);
  std::optional<Box::Inner> inner;
  REQUIRE(read.holder.getParcelable(&inner) == STATUS_OK);
  CHECK(inner == held);
  CHECK((read < box) != (box < read));  // by their files
  CHECK(read.toString().find("GREEN[GREEN, RED][GREEN][RED, GREEN][[1, 2], [3, 4], [5, 255]]") == 0);
  const Box empty = sent(Box());
  CHECK_FALSE(empty.maybeInners.has_value());
  CHECK(empty.heap == nullptr);
}

TEST_CASE("unions", "[newer]") {
  CHECK(sent(Choice()) == Choice());
  CHECK(sent(Choice(std::string("x"))).get<Choice::Tag::text>() == "x");
  CHECK(sent(Choice(Color::GREEN)).get<Choice::Tag::color>() == Color::GREEN);
  CHECK(sent(Choice(std::vector<int32_t>{1, 2})).get<Choice::Tag::numbers>() == std::vector<int32_t>{1, 2});
  const ScopedAParcel parcel(AParcel_create());
  AParcel_writeInt32(parcel.get(), 1);
  AParcel_writeInt32(parcel.get(), 4);
  AParcel_setDataPosition(parcel.get(), 0);
  Choice choice;
  CHECK(ndk::AParcel_readParcelable(parcel.get(), &choice) == STATUS_BAD_VALUE);
}

TEST_CASE("arrays of byte enums have the bytes of byte arrays", "[newer]") {
  const auto bytes_of = [](const auto& value) {
    const ScopedAParcel parcel(AParcel_create());
    REQUIRE(ndk::AParcel_writeData(parcel.get(), value) == STATUS_OK);
    std::vector<uint8_t> bytes(static_cast<size_t>(AParcel_getDataSize(parcel.get())));
    REQUIRE(AParcel_marshal(parcel.get(), bytes.data(), 0, bytes.size()) == STATUS_OK);
    return bytes;
  };
  const std::vector<uint8_t> plain = bytes_of(std::vector<uint8_t>{0, 7});
  CHECK(bytes_of(std::vector<Color>{Color::RED, Color::GREEN}) == plain);
  CHECK(bytes_of(std::array<Color, 2>{Color::RED, Color::GREEN}) == plain);
}

TEST_CASE("a library's own object is called directly, another copy's by way of a parcel", "[newer]") {
  CHECK(AIBinder_Class_getFunctionName(g_class, INumber::TRANSACTION_add) == std::string("add"));
  CHECK(BnNumber::makeServiceName("default") == "test.INumber/default");
  const auto own = ndk::SharedRefBase::make<Number>(g_class);
  CHECK(INumber::fromBinder(own->asBinder()) == own);
  const auto foreign = ndk::SharedRefBase::make<Number>(g_other_copy);
  const std::shared_ptr<INumber> proxy = INumber::fromBinder(foreign->asBinder());
  REQUIRE(proxy != nullptr);
  CHECK(proxy != foreign);
  CHECK_FALSE(proxy->isRemote());
  g_served = 0;
  int32_t result = 0;
  REQUIRE(proxy->add(41, &result).isOk());
  CHECK(result == 42);
  CHECK(g_served == 1);
  CHECK(proxy->add(-3, &result).getServiceSpecificError() == -3);
  CHECK(proxy->asBinder() == foreign->asBinder());
}
