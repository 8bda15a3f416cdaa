package corpus;

import corpus.deep.down.Leaf;

// Every field with a default that is not zero.
parcelable Shape {
  boolean flag = true;
  byte small = -7;
  char letter = 'x';
  int number = 42;
  long big = 1234567890123;
  float half = 0.5f;
  double eighth = 0.125;
  String text = "shape";
  @utf8InCpp String utf8 = "form";
  boolean[] flags = {true, false};
  byte[] bytes = {1, 2, 127};
  char[] letters;
  long[] bigs = {3, 2, 1};
  float[] floats = {1.5f, 2.5f};
  double[] doubles = {0.25};
  String[] texts = {"one", "two"};
  @utf8InCpp String[] utf8s = {"three"};
  @nullable String maybe;
  @nullable @utf8InCpp String maybeUtf8;
  @nullable int[] maybeNumbers;
  @nullable String[] maybeTexts;
  Leaf leaf;
  @nullable Leaf maybeLeaf;
  Leaf[] leaves;
  List<String> list;
}
