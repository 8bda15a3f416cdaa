package corpus;

import corpus.Bag;
import corpus.Handmade;
import corpus.Shape;
import corpus.deep.down.Leaf;

// Parcelables: made by the compiler and by hand, nested, in all directions.
interface IParcelables {
  Leaf echoLeaf(in Leaf value, out Leaf made, inout Leaf changed);
  Leaf[] echoLeaves(in Leaf[] value, out Leaf[] made, inout Leaf[] changed);
  @nullable Leaf echoNullableLeaf(in @nullable Leaf value, out @nullable Leaf made, inout @nullable Leaf changed);
  @nullable Leaf[] echoNullableLeaves(in @nullable Leaf[] value, out @nullable Leaf[] made, inout @nullable Leaf[] changed);
  Shape echoShape(in Shape value, out Shape made, inout Shape changed);
  Shape[] echoShapes(in Shape[] value);
  Handmade echoHandmade(in Handmade value, out Handmade made, inout Handmade changed);
  Handmade[] echoHandmades(in Handmade[] value, out Handmade[] made, inout Handmade[] changed);
  @nullable Handmade echoNullableHandmade(in @nullable Handmade value);
  Bag echoBag(in Bag value);
}
