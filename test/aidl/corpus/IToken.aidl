package corpus;

// An object that can be told from others, whichever process it lives in.
interface IToken {
  long identity();
}
