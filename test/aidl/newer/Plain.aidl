package newer;

import newer.Large;
import newer.Medium;
import newer.Small;

@FixedSize
@JavaDerive(equals=true, toString=true)
parcelable Plain {
  int a = 1;
  byte b;
  long c;
  Small small = Small.ONE;
  Medium medium = Medium.B;
  Large large = Large.HUGE;
  boolean flag;
  char letter;
  float real;
  int[3] triple = {1, 2, 3};
  double[2][2] square;
}
