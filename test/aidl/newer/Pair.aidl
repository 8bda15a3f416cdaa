package newer;

parcelable Pair<A, B> {
  int first = 3;
  @nullable @utf8InCpp String second;
}
