package newer;

import corpus.IToken;
import corpus.deep.down.Leaf;
import newer.Chain;
import newer.Choice;
import newer.Holder;
import newer.Large;
import newer.Medium;
import newer.Outer;
import newer.Pair;
import newer.Plain;
import newer.Small;

// What compilers since Android 11 know.
@SuppressWarnings(value={"out-nullable"})
interface IExtras {
  Small echoSmall(Small value);
  Medium echoMedium(Medium value);
  Large echoLarge(Large value);
  Small[] echoSmalls(in Small[] value, out Small[] made, inout Small[] changed);
  Medium[] echoMediums(in Medium[] value, out Medium[] made, inout Medium[] changed);
  Large[] echoLarges(in Large[] value, out Large[] made, inout Large[] changed);
  @nullable Small[] echoNullableSmalls(in @nullable Small[] value, inout @nullable Small[] changed);
  @nullable Medium[] echoNullableMediums(in @nullable Medium[] value, out @nullable Medium[] made);
  @nullable Large[] echoNullableLarges(in @nullable Large[] value);
  Choice echoChoice(in Choice value, out Choice made, inout Choice changed);
  Choice[] echoChoices(in Choice[] value, out Choice[] made, inout Choice[] changed);
  @nullable Choice echoNullableChoice(in @nullable Choice value);
  Plain echoPlain(in Plain value, out Plain made, inout Plain changed);
  Chain echoChain(in Chain value, inout Chain changed);
  @nullable Chain echoNullableChain(in @nullable Chain value);
  Outer echoOuter(in Outer value, out Outer made, inout Outer changed);
  Outer.Kind echoKind(Outer.Kind value);
  Outer.Inner[] echoInners(in Outer.Inner[] value, out Outer.Inner[] made);
  Outer.Either echoEither(in Outer.Either value);
  Outer.Inner.Innermost echoInnermost(in Outer.Inner.Innermost value);
  int[3] echoThree(in int[3] value, out int[3] made, inout int[3] changed);
  byte[4] echoFourBytes(in byte[4] value);
  boolean[2] echoTwoBooleans(in boolean[2] value);
  double[2][3] echoMatrix(in double[2][3] value, out double[2][3] made, inout double[2][3] changed);
  String[2] echoTwoStrings(in String[2] value, out String[2] made);
  @utf8InCpp String[2] echoTwoUtf8s(in @utf8InCpp String[2] value);
  Leaf[2] echoTwoLeaves(in Leaf[2] value, out Leaf[2] made, inout Leaf[2] changed);
  Medium[2] echoTwoMediums(in Medium[2] value);
  IBinder[2] echoTwoBinders(in IBinder[2] value);
  IToken[2] echoTwoTokens(in IToken[2] value);
  ParcelFileDescriptor[2] echoTwoFiles(in ParcelFileDescriptor[2] value);
  @nullable int[3] echoNullableThree(in @nullable int[3] value);
  @nullable String[2] echoNullableTwoStrings(in @nullable String[2] value);
  @nullable Leaf[2] echoNullableTwoLeaves(in @nullable Leaf[2] value);
  @nullable IBinder[2] echoNullableTwoBinders(in @nullable IBinder[2] value);
  IBinder[] echoBinders(in IBinder[] value, out IBinder[] made, inout IBinder[] changed);
  @nullable IBinder[] echoNullableBinders(in @nullable IBinder[] value, inout @nullable IBinder[] changed);
  IToken[] echoTokens(in IToken[] value, out IToken[] made, inout IToken[] changed);
  @nullable IToken[] echoNullableTokens(in @nullable IToken[] value);
  List<IToken> echoTokenList(in List<IToken> value);
  List<Leaf> echoLeafList(in List<Leaf> value, out List<Leaf> made, inout List<Leaf> changed);
  @nullable List<Leaf> echoNullableLeafList(in @nullable List<Leaf> value);
  List<Choice> echoChoiceList(in List<Choice> value);
  @nullable ParcelFileDescriptor[] echoNullableFiles(in @nullable ParcelFileDescriptor[] value);
  Pair<Leaf, Medium> echoPair(in Pair<Leaf, Medium> value);
  Holder echoHolder(in Holder value, inout Holder changed);
  oneway void tell(in Choice value, Medium medium);
  void take(in Outer value);
}
