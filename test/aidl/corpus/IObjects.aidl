package corpus;

import corpus.IToken;

// Binders, interfaces and file descriptors.
interface IObjects {
  IBinder echoBinder(IBinder value);
  @nullable IBinder echoNullableBinder(@nullable IBinder value);
  IToken echoToken(IToken value);
  @nullable IToken echoNullableToken(@nullable IToken value);
  List<IBinder> echoBinders(in List<IBinder> value, out List<IBinder> made, inout List<IBinder> changed);
  @nullable List<IBinder> echoNullableBinders(in @nullable List<IBinder> value, inout @nullable List<IBinder> changed);
  FileDescriptor echoFile(in FileDescriptor value);
  FileDescriptor[] echoFiles(in FileDescriptor[] value, out FileDescriptor[] made);
  ParcelFileDescriptor echoParcelFile(in ParcelFileDescriptor value);
  @nullable ParcelFileDescriptor echoNullableParcelFile(in @nullable ParcelFileDescriptor value);
  ParcelFileDescriptor[] echoParcelFiles(in ParcelFileDescriptor[] value, out ParcelFileDescriptor[] made);
}
