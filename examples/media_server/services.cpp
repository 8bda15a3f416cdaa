#include "services.h"

using android::BpInterface;
using android::IBinder;
using android::OK;
using android::Parcel;
using android::sp;
using android::status_t;
using android::String16;

class BpPlayer : public BpInterface<IPlayer> {
 public:
  explicit BpPlayer(const sp<IBinder>& remote) : BpInterface<IPlayer>(remote) {}
  int32_t play(const String16& title) override {
    Parcel data;
    Parcel reply;
    data.writeInterfaceToken(IPlayer::getInterfaceDescriptor());
    data.writeString16(title);
    const status_t status = remote()->transact(PLAY, data, &reply);
    return status != OK ? status : reply.readInt32();
  }
};

IMPLEMENT_META_INTERFACE(Player, "com.example.media.IPlayer")

status_t BnPlayer::onTransact(uint32_t code, const Parcel& data, Parcel* reply, uint32_t flags) {
  if (code != PLAY) return BBinder::onTransact(code, data, reply, flags);
  CHECK_INTERFACE(IPlayer, data, reply);
  String16 title;
  if (const status_t status = data.readString16(&title); status != OK) return status;
  return reply->writeInt32(play(title));
}

class BpVolume : public BpInterface<IVolume> {
 public:
  explicit BpVolume(const sp<IBinder>& remote) : BpInterface<IVolume>(remote) {}
  int32_t set(int32_t volume) override {
    Parcel data;
    Parcel reply;
    data.writeInterfaceToken(IVolume::getInterfaceDescriptor());
    data.writeInt32(volume);
    const status_t status = remote()->transact(SET, data, &reply);
    return status != OK ? status : reply.readInt32();
  }
};

IMPLEMENT_META_INTERFACE(Volume, "com.example.media.IVolume")

status_t BnVolume::onTransact(uint32_t code, const Parcel& data, Parcel* reply, uint32_t flags) {
  if (code != SET) return BBinder::onTransact(code, data, reply, flags);
  CHECK_INTERFACE(IVolume, data, reply);
  int32_t volume = 0;
  if (const status_t status = data.readInt32(&volume); status != OK) return status;
  if (volume < 0 || volume > 100) return android::BAD_VALUE;
  return reply->writeInt32(set(volume));
}
