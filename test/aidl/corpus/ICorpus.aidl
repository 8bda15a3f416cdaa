package corpus;

import corpus.IMixed;
import corpus.IObjects;
import corpus.IObserver;
import corpus.IOneway;
import corpus.IParcelables;
import corpus.IToken;
import corpus.IValues;

// Where a client finds the rest.
interface ICorpus {
  IValues values();
  IObjects objects();
  IParcelables parcelables();
  IOneway oneways();
  IMixed mixed();
  IBinder extras();
  // Of the oldest call without results that was not asked for yet; waits for one.
  long nextDigest();
  // Answers with this exception; code is of a service specific one.
  int fail(int exception, int code, @utf8InCpp String message);
  String needed(String value, IBinder binder);
  void observe(IObserver observer, int times);
  int depth(ICorpus other, int down);
}
