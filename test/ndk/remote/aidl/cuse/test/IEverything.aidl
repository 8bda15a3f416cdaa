package cuse.test;

import cuse.test.ICallback;
import cuse.test.Leaf;
import cuse.test.Record;

// A method for every type that the ndk backend of Android 10's compiler has, in every direction.
interface IEverything {
  const int ANSWER = 42;
  const String NAME = "everything";

  boolean echoBoolean(in boolean value);
  byte echoByte(in byte value);
  char echoChar(in char value);
  int echoInt(in int value);
  long echoLong(in long value);
  float echoFloat(in float value);
  double echoDouble(in double value);
  String echoString(in String value);
  @nullable String echoMaybeString(in @nullable String value);
  @utf8InCpp String echoUtf8(in @utf8InCpp String value);

  // Each returns the input reversed, fills `copy` with as much of it as fits, and reverses `both`.
  boolean[] turnBooleans(in boolean[] input, out boolean[] copy, inout boolean[] both);
  byte[] turnBytes(in byte[] input, out byte[] copy, inout byte[] both);
  char[] turnChars(in char[] input, out char[] copy, inout char[] both);
  int[] turnInts(in int[] input, out int[] copy, inout int[] both);
  long[] turnLongs(in long[] input, out long[] copy, inout long[] both);
  float[] turnFloats(in float[] input, out float[] copy, inout float[] both);
  double[] turnDoubles(in double[] input, out double[] copy, inout double[] both);
  String[] turnStrings(in String[] input, out String[] copy, inout String[] both);
  Leaf[] turnLeaves(in Leaf[] input, out Leaf[] copy, inout Leaf[] both);

  // Null stays null.
  @nullable boolean[] turnMaybeBooleans(in @nullable boolean[] input, inout @nullable boolean[] both);
  @nullable byte[] turnMaybeBytes(in @nullable byte[] input, inout @nullable byte[] both);
  @nullable char[] turnMaybeChars(in @nullable char[] input, inout @nullable char[] both);
  @nullable int[] turnMaybeInts(in @nullable int[] input, inout @nullable int[] both);
  @nullable long[] turnMaybeLongs(in @nullable long[] input, inout @nullable long[] both);
  @nullable float[] turnMaybeFloats(in @nullable float[] input, inout @nullable float[] both);
  @nullable double[] turnMaybeDoubles(in @nullable double[] input, inout @nullable double[] both);
  @nullable String[] turnMaybeStrings(in @nullable String[] input, inout @nullable String[] both);

  Record echoRecord(in Record value, out Record copy, inout Record both);

  IBinder echoBinder(IBinder value);
  @nullable IBinder echoMaybeBinder(in @nullable IBinder value);
  ICallback echoCallback(ICallback value);
  ParcelFileDescriptor echoFile(in ParcelFileDescriptor value);
  @nullable ParcelFileDescriptor echoMaybeFile(in @nullable ParcelFileDescriptor value);

  // Asks back before it answers.
  int askBack(ICallback whom, int question);
  // Tells later, with how many times this was called before.
  oneway void tellBack(ICallback whom);

  void fail(int exception, String message);
  void failSpecifically(int error, String message);
  void failToTransact(int status);

  int callingUid();
  int callingPid();
  boolean isServing();

  // A binder that nobody but the caller keeps, and how many of those there are.
  IBinder makeOrphan();
  int countOrphans();

  // Behind those that the client was compiled with.
  oneway void die();
}
