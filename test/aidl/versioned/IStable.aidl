package versioned;

@VintfStability
interface IStable {
  int add(int a, int b);
}
