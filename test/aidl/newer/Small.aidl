package newer;

@Backing(type="byte")
enum Small {
  NONE,
  ONE,
  LAST = 127,
}
