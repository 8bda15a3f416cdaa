package cuse.test;

// With --log: that compiler logs only types that JSON has, and no nullable arrays.
interface ILogged {
  String join(in String[] parts, int count, out int[] lengths);
}
