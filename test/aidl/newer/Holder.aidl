package newer;

parcelable Holder {
  int before;
  ParcelableHolder extension;
  int after;
}
