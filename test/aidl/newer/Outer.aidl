package newer;

import corpus.deep.down.Leaf;
import newer.Choice;
import newer.Medium;
import newer.Pair;
import newer.Plain;
import newer.Small;

parcelable Outer {
  enum Kind { FIRST, SECOND, }
  parcelable Inner {
    parcelable Innermost {
      @utf8InCpp String name = "deep";
    }
    Kind kind = Kind.SECOND;
    Innermost innermost;
    Innermost[] more;
  }
  // Not the other way round: C++ does not know yet, here, whether an Inner has a default.
  union Either {
    long right;
    Inner left;
  }
  interface ICallback {
    oneway void done(in Inner inner);
  }
  Kind kind = Kind.SECOND;
  Inner inner;
  @nullable Inner maybe;
  Either either;
  Either[] eithers;
  Choice choice;
  @nullable Choice maybeChoice;
  Plain plain;
  Small[] smalls = {Small.ONE, Small.LAST};
  Medium[] mediums;
  @nullable Medium[] maybeMediums;
  List<Leaf> leaves;
  @nullable List<Leaf> maybeLeaves;
  IBinder[] binders;
  int[2][3] matrix = {{1, 2, 3}, {4, 5, 6}};
  String[2] names = {"x", "y"};
  Leaf[2] twoLeaves;
  @nullable int[4] maybeFixed;
  @nullable Leaf[2] maybeTwoLeaves;
  Pair<Leaf, Medium> pair;
}
