package versioned;

interface ILogged {
  int add(int a, int b);
  @utf8InCpp String[] greet(in String[] names);
}
