package corpus;

parcelable Handmade cpp_header "test/aidl/handmade.h";
