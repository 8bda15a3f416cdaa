package cuse.newer;

import cuse.newer.Color;

union Choice {
  int[] numbers = {};
  String text;
  Color color;
  Choice.Inner inner;
  IBinder binder;
  ParcelFileDescriptor file;
  List<String> texts;

  const int LIMIT = 5;

  parcelable Inner {
    int value = 3;
    @nullable(heap=true) Inner next;
  }
}
