package cuse.newer;

@Backing(type="long")
enum Size {
  SMALL = 1,
  HUGE = 1099511627776,
}
