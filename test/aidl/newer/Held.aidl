package newer;

parcelable Held {
  @utf8InCpp String text;
  long[] numbers;
}
