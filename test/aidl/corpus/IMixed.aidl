package corpus;

// Some wait, some do not; transaction codes that somebody chose; constants.
interface IMixed {
  const int NUMBER = 17;
  const int NEGATIVE = -3;
  const int HEX = 0xff;
  const String TEXT = "constant";
  const @utf8InCpp String UTF8 = "utf8 constant";
  int wait(int value) = 10;
  oneway void send(int value) = 20;
  oneway void sendArray(in int[] value) = 21;
  long last(long value) = 1000;
}
