package corpus;

oneway interface IObserver {
  void happened(int what, @utf8InCpp String how);
}
