package corpus;

// Every primitive and both kinds of strings: alone, as arrays, as arrays that may be null, in all directions.
interface IValues {
  boolean echoBoolean(boolean value);
  boolean[] echoBooleans(in boolean[] value, out boolean[] made, inout boolean[] changed);
  @nullable boolean[] echoNullableBooleans(in @nullable boolean[] value, out @nullable boolean[] made, inout @nullable boolean[] changed);
  byte echoByte(byte value);
  byte[] echoBytes(in byte[] value, out byte[] made, inout byte[] changed);
  @nullable byte[] echoNullableBytes(in @nullable byte[] value, out @nullable byte[] made, inout @nullable byte[] changed);
  char echoChar(char value);
  char[] echoChars(in char[] value, out char[] made, inout char[] changed);
  @nullable char[] echoNullableChars(in @nullable char[] value, out @nullable char[] made, inout @nullable char[] changed);
  int echoInt(int value);
  int[] echoInts(in int[] value, out int[] made, inout int[] changed);
  @nullable int[] echoNullableInts(in @nullable int[] value, out @nullable int[] made, inout @nullable int[] changed);
  long echoLong(long value);
  long[] echoLongs(in long[] value, out long[] made, inout long[] changed);
  @nullable long[] echoNullableLongs(in @nullable long[] value, out @nullable long[] made, inout @nullable long[] changed);
  float echoFloat(float value);
  float[] echoFloats(in float[] value, out float[] made, inout float[] changed);
  @nullable float[] echoNullableFloats(in @nullable float[] value, out @nullable float[] made, inout @nullable float[] changed);
  double echoDouble(double value);
  double[] echoDoubles(in double[] value, out double[] made, inout double[] changed);
  @nullable double[] echoNullableDoubles(in @nullable double[] value, out @nullable double[] made, inout @nullable double[] changed);
  String echoString(String value);
  String[] echoStrings(in String[] value, out String[] made, inout String[] changed);
  @nullable String[] echoNullableStrings(in @nullable String[] value, out @nullable String[] made, inout @nullable String[] changed);
  @nullable String echoNullableString(in @nullable String value);
  @utf8InCpp String echoUtf8(@utf8InCpp String value);
  @utf8InCpp String[] echoUtf8s(in @utf8InCpp String[] value, out @utf8InCpp String[] made, inout @utf8InCpp String[] changed);
  @nullable @utf8InCpp String[] echoNullableUtf8s(in @nullable @utf8InCpp String[] value, out @nullable @utf8InCpp String[] made, inout @nullable @utf8InCpp String[] changed);
  @nullable @utf8InCpp String echoNullableUtf8(in @nullable @utf8InCpp String value);
  List<String> echoList(in List<String> value, out List<String> made, inout List<String> changed);
  @nullable List<String> echoNullableList(in @nullable List<String> value, out @nullable List<String> made, inout @nullable List<String> changed);
  @utf8InCpp List<String> echoUtf8List(in @utf8InCpp List<String> value, out @utf8InCpp List<String> made, inout @utf8InCpp List<String> changed);
  @nullable @utf8InCpp List<String> echoNullableUtf8List(in @nullable @utf8InCpp List<String> value);
  int many(boolean a, byte b, char c, int d, long e, float f, double g, String h, @utf8InCpp String i,
      in int[] j, in @nullable String k, in List<String> l, out double[] m, inout long[] n, in byte[] o, out char[] p);
  void nothing();
  void swallow(int a, in byte[] b, @utf8InCpp String c);
}
