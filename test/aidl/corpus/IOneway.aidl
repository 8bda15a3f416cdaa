package corpus;

import corpus.IToken;
import corpus.Shape;

// Nobody waits for these.
oneway interface IOneway {
  void number(int value);
  void text(String value, in @nullable String other);
  void token(IToken value);
  void shape(in Shape value);
  void array(in long[] value);
}
