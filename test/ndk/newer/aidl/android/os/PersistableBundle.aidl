package android.os;

@JavaOnlyStableParcelable @NdkOnlyStableParcelable
parcelable PersistableBundle cpp_header "binder/PersistableBundle.h" ndk_header "android/persistable_bundle_aidl.h";
