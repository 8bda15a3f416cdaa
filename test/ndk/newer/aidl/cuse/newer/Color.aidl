package cuse.newer;

@Backing(type="byte")
enum Color {
  RED,
  GREEN = 7,
  BLUE,
}
