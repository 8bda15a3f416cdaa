package cuse.test;

parcelable Leaf {
  int id;
  String name;
}
