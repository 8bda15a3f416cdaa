// SafeBpInterface and SafeBnInterface: proxies and stubs of handwritten interfaces whose parameters are
// written and read by their types.
//
// A method returns status_t; a parameter that is a pointer is an output, everything else an input. The proxy
// calls callRemote<decltype(&IFoo::method)>(Tag::METHOD, arguments...), the stub's onTransact
// callLocal(data, reply, &IFoo::method). On the wire: the token and the inputs; the outputs and the result.
// ...Async is for oneway methods, which return void and have no outputs.
#pragma once

#include <binder/IInterface.h>
#include <binder/Parcel.h>
#include <log/log.h>
#include <string.h>
#include <utils/NativeHandle.h>
#include <utils/String8.h>

#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace android {
namespace SafeInterface {

// Writes and reads one value of any supported type: bool, numbers of 4 and 8 bytes, float, enums of those,
// String8, parcelables and vectors of them, binders and interfaces (null allowed), flattenable objects,
// native handles.
class ParcelHandler {
 public:
  explicit ParcelHandler(const char* logTag) : log_tag_(logTag) {}

  template <typename T>
  status_t read(const Parcel& parcel, T* value) const {
    return report("read", readValue(parcel, value));
  }
  template <typename T>
  status_t write(Parcel* parcel, const T& value) const {
    return report("write", writeValue(parcel, value));
  }

 private:
  template <typename T>
  static constexpr bool kNever = false;

  template <typename T>
  static status_t readValue(const Parcel& parcel, T* value) {
    if constexpr (std::is_enum_v<T>) {
      std::underlying_type_t<T> number{};
      const status_t status = readValue(parcel, &number);
      *value = static_cast<T>(number);
      return status;
    } else if constexpr (std::is_same_v<T, bool>) {
      return parcel.readBool(value);
    } else if constexpr (std::is_same_v<T, float>) {
      return parcel.readFloat(value);
    } else if constexpr (std::is_integral_v<T> && sizeof(T) == 4) {
      return std::is_signed_v<T> ? parcel.readInt32(reinterpret_cast<int32_t*>(value))
                                 : parcel.readUint32(reinterpret_cast<uint32_t*>(value));
    } else if constexpr (std::is_integral_v<T> && sizeof(T) == 8) {
      return std::is_signed_v<T> ? parcel.readInt64(reinterpret_cast<int64_t*>(value))
                                 : parcel.readUint64(reinterpret_cast<uint64_t*>(value));
    } else if constexpr (std::is_same_v<T, String8>) {
      return parcel.readString8(value);
    } else if constexpr (std::is_base_of_v<Parcelable, T>) {
      return parcel.readParcelable(value);
    } else if constexpr (std::is_base_of_v<Flattenable<T>, T> || std::is_base_of_v<LightFlattenable<T>, T>) {
      return parcel.read(*value);
    } else if constexpr (internal::is_specialization_v<T, std::vector>) {
      return parcel.readParcelableVector(value);
    } else if constexpr (std::is_same_v<T, sp<NativeHandle>>) {
      *value = NativeHandle::create(parcel.readNativeHandle(), true);
      return *value == nullptr ? BAD_VALUE : OK;
    } else if constexpr (internal::is_specialization_v<T, sp>) {
      using Object = internal::first_argument_t<T>;
      if constexpr (std::is_base_of_v<Flattenable<Object>, Object>) {
        *value = T(new Object());
        return parcel.read(**value);
      } else {
        return parcel.readNullableStrongBinder(value);
      }
    } else {
      static_assert(kNever<T>, "this type cannot be a parameter");
    }
  }

  template <typename T>
  static status_t writeValue(Parcel* parcel, const T& value) {
    if constexpr (std::is_enum_v<T>) {
      return writeValue(parcel, static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (std::is_same_v<T, bool>) {
      return parcel->writeBool(value);
    } else if constexpr (std::is_same_v<T, float>) {
      return parcel->writeFloat(value);
    } else if constexpr (std::is_integral_v<T> && sizeof(T) == 4) {
      return parcel->writeUint32(static_cast<uint32_t>(value));
    } else if constexpr (std::is_integral_v<T> && sizeof(T) == 8) {
      return parcel->writeUint64(static_cast<uint64_t>(value));
    } else if constexpr (std::is_same_v<T, String8>) {
      return parcel->writeString8(value);
    } else if constexpr (std::is_base_of_v<Parcelable, T>) {
      return parcel->writeParcelable(value);
    } else if constexpr (std::is_base_of_v<Flattenable<T>, T> || std::is_base_of_v<LightFlattenable<T>, T>) {
      return parcel->write(value);
    } else if constexpr (internal::is_specialization_v<T, std::vector>) {
      return parcel->writeParcelableVector(value);
    } else if constexpr (std::is_same_v<T, sp<NativeHandle>>) {
      return value == nullptr ? status_t{BAD_VALUE} : parcel->writeNativeHandle(value->handle());
    } else if constexpr (internal::is_specialization_v<T, sp>) {
      using Object = internal::first_argument_t<T>;
      if constexpr (std::is_base_of_v<Flattenable<Object>, Object>) {
        return value == nullptr ? status_t{BAD_VALUE} : parcel->write(*value);
      } else {
        return parcel->writeStrongBinder(value);
      }
    } else {
      static_assert(kNever<T>, "this type cannot be a parameter");
    }
  }

  status_t report(const char* what, status_t status) const {
    if (status != OK) ALOG(LOG_ERROR, log_tag_, "Failed to %s a parameter: %s", what, strerror(-status));
    return status;
  }

  const char* const log_tag_;
};

// The parameters of a method, as a tuple of their types.
template <typename T>
struct ParamExtractor;
template <typename Class, typename Return, typename... Params>
struct ParamExtractor<Return (Class::*)(Params...)> {
  using ParamTuple = std::tuple<Params...>;
};
template <typename Class, typename Return, typename... Params>
struct ParamExtractor<Return (Class::*)(Params...) const> {
  using ParamTuple = std::tuple<Params...>;
};

}  // namespace SafeInterface

template <typename Interface>
class SafeBpInterface : public BpInterface<Interface> {
 protected:
  SafeBpInterface(const sp<IBinder>& impl, const char* logTag)
      : BpInterface<Interface>(impl), log_tag_(logTag) {}
  ~SafeBpInterface() override = default;

  template <typename Method, typename TagType, typename... Args>
  status_t callRemote(TagType tag, Args&&... args) const {
    Parcel reply;
    status_t status = send<Method>(tag, &reply, 0, args...);
    if (status != OK) return status;
    const SafeInterface::ParcelHandler handler(log_tag_);
    // The first error ends it.
    ((status == OK ? void(status = readIfOutput(handler, reply, args)) : void()), ...);
    status_t result = OK;
    if (status == OK) status = reply.readInt32(&result);
    return status == OK ? result : status;
  }

  template <typename Method, typename TagType, typename... Args>
  void callRemoteAsync(TagType tag, Args&&... args) const {
    Parcel reply;
    (void)send<Method>(tag, &reply, IBinder::FLAG_ONEWAY, args...);
  }

 private:
  template <typename Method, typename TagType, typename... Args>
  status_t send(TagType tag, Parcel* reply, uint32_t flags, const Args&... args) const {
    static_assert(sizeof(TagType) <= sizeof(uint32_t), "a tag is a transaction code");
    using Params = typename SafeInterface::ParamExtractor<Method>::ParamTuple;
    static_assert(sizeof...(Args) == std::tuple_size_v<Params>, "wrong number of arguments");
    static_assert(same<Params, Args...>(std::index_sequence_for<Args...>()), "wrong type of an argument");
    const SafeInterface::ParcelHandler handler(log_tag_);
    Parcel data;
    status_t status = data.writeInterfaceToken(this->getInterfaceDescriptor());
    ((status == OK ? void(status = writeIfInput(handler, &data, args)) : void()), ...);
    if (status == OK) status = this->remote()->transact(static_cast<uint32_t>(tag), data, reply, flags);
    if (status != OK) ALOG(LOG_ERROR, log_tag_, "Failed to transact (%d)", status);
    return status;
  }

  // Exactly the types of the parameters, but for const and references: no silent conversions.
  template <typename Params, typename... Args, size_t... I>
  static constexpr bool same(std::index_sequence<I...>) {
    return (std::is_same_v<std::decay_t<std::tuple_element_t<I, Params>>, std::decay_t<Args>> && ...);
  }

  template <typename T>
  static status_t writeIfInput(const SafeInterface::ParcelHandler& handler, Parcel* data, const T& value) {
    if constexpr (std::is_pointer_v<T>) {
      return OK;
    } else {
      return handler.write(data, value);
    }
  }
  template <typename T>
  static status_t readIfOutput(const SafeInterface::ParcelHandler& handler, const Parcel& reply,
                               const T& value) {
    if constexpr (std::is_pointer_v<T>) {
      return handler.read(reply, value);
    } else {
      return OK;
    }
  }

  const char* const log_tag_;
};

template <typename Interface>
class SafeBnInterface : public BnInterface<Interface> {
 public:
  explicit SafeBnInterface(const char* logTag) : log_tag_(logTag) {}

 protected:
  template <typename Method>
  status_t callLocal(const Parcel& data, Parcel* reply, Method method) {
    Arguments<Method> arguments{};
    status_t status = readInputs<Method>(data, &arguments);
    if (status != OK) return status;
    const status_t result = call(method, &arguments);
    status = writeOutputs<Method>(reply, arguments);
    return status == OK ? reply->writeInt32(result) : status;
  }

  template <typename Method>
  status_t callLocalAsync(const Parcel& data, Parcel* /*reply*/, Method method) {
    Arguments<Method> arguments{};
    const status_t status = readInputs<Method>(data, &arguments);
    if (status == OK) call(method, &arguments);
    return status;
  }

 private:
  template <typename Method>
  using Params = typename SafeInterface::ParamExtractor<Method>::ParamTuple;
  template <typename Method>
  using Indices = std::make_index_sequence<std::tuple_size_v<Params<Method>>>;
  template <typename Param>
  static constexpr bool kIsOutput = std::is_pointer_v<Param>;

  // Room for all arguments: of an output, what it points to.
  template <typename Tuple>
  struct Storage;
  template <typename... Ps>
  struct Storage<std::tuple<Ps...>> {
    using type = std::tuple<std::remove_pointer_t<std::decay_t<Ps>>...>;
  };
  template <typename Method>
  using Arguments = typename Storage<Params<Method>>::type;

  template <typename Method>
  status_t readInputs(const Parcel& data, Arguments<Method>* arguments) {
    CHECK_INTERFACE(this, data, nullptr);
    return readInputs<Method>(data, arguments, Indices<Method>());
  }
  template <typename Method, size_t... I>
  status_t readInputs(const Parcel& data, Arguments<Method>* arguments, std::index_sequence<I...>) {
    const SafeInterface::ParcelHandler handler(log_tag_);
    status_t status = OK;
    const auto read = [&](auto index) {
      constexpr size_t kIndex = decltype(index)::value;
      if constexpr (!kIsOutput<std::tuple_element_t<kIndex, Params<Method>>>) {
        if (status == OK) status = handler.read(data, &std::get<kIndex>(*arguments));
      }
    };
    (read(std::integral_constant<size_t, I>()), ...);
    return status;
  }

  template <typename Method>
  status_t writeOutputs(Parcel* reply, const Arguments<Method>& arguments) {
    return writeOutputs<Method>(reply, arguments, Indices<Method>());
  }
  template <typename Method, size_t... I>
  status_t writeOutputs(Parcel* reply, const Arguments<Method>& arguments, std::index_sequence<I...>) {
    const SafeInterface::ParcelHandler handler(log_tag_);
    status_t status = OK;
    const auto write = [&](auto index) {
      constexpr size_t kIndex = decltype(index)::value;
      if constexpr (kIsOutput<std::tuple_element_t<kIndex, Params<Method>>>) {
        if (status == OK) status = handler.write(reply, std::get<kIndex>(arguments));
      }
    };
    (write(std::integral_constant<size_t, I>()), ...);
    return status;
  }

  template <typename Method>
  auto call(Method method, Arguments<Method>* arguments) {
    return call(method, arguments, Indices<Method>());
  }
  template <typename Method, size_t... I>
  auto call(Method method, Arguments<Method>* arguments, std::index_sequence<I...>) {
    return (this->*method)(argument<std::tuple_element_t<I, Params<Method>>>(&std::get<I>(*arguments))...);
  }
  template <typename Param, typename T>
  static decltype(auto) argument(T* stored) {
    if constexpr (kIsOutput<Param>) {
      return stored;
    } else {
      return static_cast<T&>(*stored);
    }
  }

  const char* const log_tag_;
};

}  // namespace android
