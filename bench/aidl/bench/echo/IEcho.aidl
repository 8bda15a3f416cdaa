package bench.echo;

// Returns what it is given.
interface IEcho {
  int number(int number);
  String text(String text);
  byte[] bytes(in byte[] bytes);
}
