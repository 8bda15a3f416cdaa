package cuse.newer;

import android.os.PersistableBundle;
import cuse.newer.Choice;
import cuse.newer.Color;
import cuse.newer.ITiny;
import cuse.newer.Pair;
import cuse.newer.Size;

// What the compiler of Android 14 knows and that of Android 10 does not.
parcelable All {
  Color color = Color.GREEN;
  Color[] colors;
  @nullable Color[] maybeColors;
  Color[3] threeColors = {Color.RED, Color.BLUE, Color.GREEN};
  Size size = Size.SMALL;
  @nullable Size[] maybeSizes;

  Choice choice;
  Choice[] choices;
  @nullable Choice maybeChoice;
  @nullable Choice[] maybeChoices;

  Pair pair;
  Pair[2] pairs;
  @nullable Pair[] maybePairs;

  int[2][3] matrix;
  String[2] names;
  @nullable String[2][2] maybeNames;
  byte[4] bytes;
  boolean[2] flags;
  @nullable byte[2][2] maybeBytes;

  List<String> strings;
  @nullable List<String> maybeStrings;
  List<Pair> pairList;
  List<IBinder> binderList;

  IBinder[] binders;
  @nullable IBinder[] maybeBinders;
  @nullable IBinder[2] twoBinders;
  ParcelFileDescriptor[] files;
  @nullable ParcelFileDescriptor[] maybeFiles;
  @nullable ITiny tiny;
  ITiny[] tinies;
  @nullable ITiny[] maybeTinies;

  ParcelableHolder holder;
  @nullable(heap=true) All next;
  @nullable All[] alls;
  PersistableBundle bundle;
  @nullable PersistableBundle maybeBundle;

  Nested nested;
  Nested.Kind[] kinds;

  const String NAME = "all";
  const long BIG = 1099511627776L;

  parcelable Nested {
    Kind kind = Kind.B;
    enum Kind {
      A,
      B,
    }
  }
}
