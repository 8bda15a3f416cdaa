package corpus;

// What is not plain data.
parcelable Bag {
  IBinder binder;
  @nullable IBinder maybeBinder;
  List<IBinder> binders;
  ParcelFileDescriptor file;
  ParcelFileDescriptor[] files;
}
