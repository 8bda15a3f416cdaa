package corpus.deep.down;

parcelable Leaf {
  @utf8InCpp String name = "leaf";
  int[] sizes = {1, 2, 3};
}
