package newer;

@Backing(type="int")
enum Medium {
  A = 1,
  B = A << 4,
  C = -1,
}
