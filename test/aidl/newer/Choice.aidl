package newer;

import corpus.deep.down.Leaf;
import newer.Medium;

@JavaDerive(toString=true, equals=true)
@SuppressWarnings(value={"out-nullable"})
union Choice {
  int number = 7;
  @utf8InCpp String text;
  String wide;
  Medium medium;
  int[] numbers;
  Medium[] mediums;
  Leaf leaf;
  Leaf[] leaves;
  @nullable Leaf maybe;
  boolean flag;
  double real;
  String[] texts;
  @nullable ParcelFileDescriptor file;
}
