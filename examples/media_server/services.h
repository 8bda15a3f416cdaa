// Two interfaces without AIDL, in the handwritten style of older Android code.
#pragma once

#include <binder/IInterface.h>
#include <binder/Parcel.h>

class IPlayer : public android::IInterface {
 public:
  DECLARE_META_INTERFACE(Player)
  enum { PLAY = android::IBinder::FIRST_CALL_TRANSACTION };
  // How many seconds the title lasts, or a negative error.
  virtual int32_t play(const android::String16& title) = 0;
};

class BnPlayer : public android::BnInterface<IPlayer> {
 public:
  android::status_t onTransact(uint32_t code, const android::Parcel& data, android::Parcel* reply,
                               uint32_t flags) override;
};

class IVolume : public android::IInterface {
 public:
  DECLARE_META_INTERFACE(Volume)
  enum { SET = android::IBinder::FIRST_CALL_TRANSACTION };
  // Sets it, 0 to 100, and returns what it was.
  virtual int32_t set(int32_t volume) = 0;
};

class BnVolume : public android::BnInterface<IVolume> {
 public:
  android::status_t onTransact(uint32_t code, const android::Parcel& data, android::Parcel* reply,
                               uint32_t flags) override;
};
