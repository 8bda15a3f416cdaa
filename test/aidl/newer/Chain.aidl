package newer;

parcelable Chain {
  const int LIMIT = 4;
  const long FAR = 1L << 40;
  const float HALF = 0.5f;
  const @utf8InCpp String NAME = "chain" + " of links";
  int value = LIMIT;
  @nullable(heap=true) Chain next;
}
