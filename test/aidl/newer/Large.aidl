package newer;

@Backing(type="long")
enum Large {
  ZERO,
  HUGE = 0x7fffffffffffffff,
}
