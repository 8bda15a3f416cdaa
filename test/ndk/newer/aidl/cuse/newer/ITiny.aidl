package cuse.newer;

interface ITiny {
  int twice(int n);
}
