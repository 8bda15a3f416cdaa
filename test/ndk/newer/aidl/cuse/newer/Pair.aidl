package cuse.newer;

@FixedSize
parcelable Pair {
  int a;
  long b;
  char c;
  boolean d;
  byte e;
  float f;
  double g;
}
