package cuse.test;

import cuse.test.ICallback;
import cuse.test.Leaf;

// A field of every type that the ndk backend of Android 10's compiler has.
parcelable Record {
  boolean flag = true;
  byte small = -8;
  char letter = 'x';
  int number = 42;
  long large = 4294967296;
  float ratio = 1.5f;
  double precise;
  String text = "default";
  @nullable String maybeText;
  boolean[] flags;
  byte[] bytes;
  char[] letters;
  int[] numbers;
  long[] larges;
  float[] ratios;
  double[] precises;
  String[] texts;
  @nullable boolean[] maybeFlags;
  @nullable byte[] maybeBytes;
  @nullable char[] maybeLetters;
  @nullable int[] maybeNumbers;
  @nullable long[] maybeLarges;
  @nullable float[] maybeRatios;
  @nullable double[] maybePrecises;
  @nullable String[] maybeTexts;
  Leaf leaf;
  Leaf[] leaves;
  IBinder binder;
  @nullable IBinder maybeBinder;
  ICallback callback;
  ParcelFileDescriptor file;
  @nullable ParcelFileDescriptor maybeFile;
}
